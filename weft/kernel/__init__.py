"""Pure tools without product words: ids, clock, errors, paging and text. Nothing here does I/O."""
