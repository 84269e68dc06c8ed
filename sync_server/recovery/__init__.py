"""Backups that were tried, and what a server does whose database was put back from one."""
