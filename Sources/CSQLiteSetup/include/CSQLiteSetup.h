#ifndef CSQLITE_SETUP_H
#define CSQLITE_SETUP_H

/// Turns off SQLite's count of its own memory, which takes one lock for every allocation of every connection. Works only
/// before the first connection of the process; later it changes nothing. The function behind it takes a variable list of
/// arguments, which Swift cannot call.
void redsteward_sqlite_setup(void);

#endif
