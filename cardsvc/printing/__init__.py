"""Paper: receipts for thermal printers, and PDFs. The only home of reportlab and segno; knows values, no rules."""
