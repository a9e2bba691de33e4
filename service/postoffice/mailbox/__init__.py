"""What the post office stores: mails as files, events, and suppression lists."""
