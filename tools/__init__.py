"""Programs for a checkout: generators of documents, benches and proofs. They never ship."""
