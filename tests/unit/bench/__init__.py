"""What benchmarks make of what they measured, without measuring."""
