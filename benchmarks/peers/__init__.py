"""What a user would pick instead, each a program of its own: `python -m benchmarks.peers.NAME`.

They run in an environment of their own (requirements-bench.lock), are told a folder and how often,
and print JSON: what they did -> milliseconds of each time, or bytes.
"""
