"""Finding what is not the person's own in a reply: quotations, attribution lines, signatures and footers."""
