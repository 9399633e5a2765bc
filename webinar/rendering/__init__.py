"""Values in, text out: names, dates, mails. No queries."""
