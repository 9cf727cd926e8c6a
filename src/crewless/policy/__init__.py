"""What a worker does: a skill that operates programs, a judgement that picks answers, and simple policies to compare with.

Nothing here needs torch: a deployed worker runs on numpy and onnxruntime.
"""
