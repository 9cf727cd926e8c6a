"""Who should compute which cell: choices, what each costs, and whether people hold the sheet back."""
