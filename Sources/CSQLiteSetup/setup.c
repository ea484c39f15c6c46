#include "CSQLiteSetup.h"
#include <sqlite3.h>

void redsteward_sqlite_setup(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
