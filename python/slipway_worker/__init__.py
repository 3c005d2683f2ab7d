"""What serves one service version: the zygote, its workers, and the verification of snapshots."""
