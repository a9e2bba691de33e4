"""What subscribers choose: schedules, how often they are asked, quiet dates, and the streams that they agree to."""
