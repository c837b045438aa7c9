#ifndef SUPPORT_LOG_TEST_H
#define SUPPORT_LOG_TEST_H

#include "store/store_log.h"
#include "support/fake_disk.h"
#include "support/store_user.h"

/* A log on a fake disk, and somebody who uses it. */
struct log_test {
	struct fake_disk disk;
	struct store_user user;
	enum store_durability durability;
};

/* Extents as small as they may be, so that there are many. */
#define LOG_TEST_EXTENT STORE_EXTENT_SIZE_LEAST

/* A new disk, on which nothing is, and a log. What chance decides follows from the seed. */
void log_test_begin(struct log_test *test, uint64_t seed);
void log_test_end(struct log_test *test);

struct store *log_test_open(struct log_test *test);
/* Open it, and recover what must be there. */
void log_test_again(struct log_test *test);

/* A life of the log: groups of all sizes, lazy ones, checkpoints, extents that are trimmed and
 * used again; until it is over, or the power is gone. */
void log_test_script(struct log_test *test);

/* The seed of this run, which is said; or RELEVO_SEED. How often to do what is worth doing more
 * often: RELEVO_STORE_ROUNDS, or 1. */
uint64_t log_test_seed(void);
unsigned log_test_rounds(void);

#endif
