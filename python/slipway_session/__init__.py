"""What runs inside a session: the kernel, typed values, and snapshots."""
