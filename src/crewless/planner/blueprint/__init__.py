"""The blueprint: its data, its designer, and the checker that does not trust the designer."""
