"""Pages for everybody: programme, talks, legal texts. No room and no names of participants."""
