"""The company at work: the queue, sealed workers, receipts, and the shift that ties them together."""
