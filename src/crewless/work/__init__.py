"""Running workers: sealed processes, the runner that hands them cases, receipts, secrets and recordings."""
