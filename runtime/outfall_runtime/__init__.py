"""What migrated services import. Standard library only, Python 3.9 and later."""
