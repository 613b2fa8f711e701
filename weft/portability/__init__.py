"""Taking one's things along: exports of what an account holds, and imports of what it held elsewhere."""
