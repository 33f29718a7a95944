"""Functions that return components. They read state and call no service."""
