"""Link cards: what the pages that posts link to say of themselves. All of it is derived from posts and pages."""
