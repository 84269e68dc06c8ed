"""Files that tills hand in for whoever repairs them: damaged databases, whole, as they lay on the disk."""
