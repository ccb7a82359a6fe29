"""Evidence as earlier versions of the platform wrote it, kept byte for byte."""
