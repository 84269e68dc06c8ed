"""The shops' hubs, as the central server knows them: which there are, how they are, and what they pass on."""
