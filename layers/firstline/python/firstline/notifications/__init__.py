"""What people are sent: pages, their payloads, and what came of a delivery."""
