"""The pages of what subscribers choose: settings, quiet dates, and questions of their own."""
