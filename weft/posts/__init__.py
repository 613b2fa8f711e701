"""Posts and what people do with them: reply, quote, repost, like, bookmark, pin, vote."""
