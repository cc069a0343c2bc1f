"""A package, so that its one deployment ends with it, before other tests go on."""
