"""Facts as documents: receipts and reports, for paper and as PDF. Pure: nothing here reads or writes."""
