#ifndef OS_CPU_COUNT_H
#define OS_CPU_COUNT_H

/* Processors that this process may use: by its affinity, and by the share of time that control
 * groups (of a container, say) leave it, rounded up. At least 1. */
int cpu_count(void);

/* The same, but the share is that of the first time. Costs one system call. */
int cpu_count_quickly(void);

/* The share alone: of its own control group and those above it, version 2 or 1, as they stand
 * in /proc and where that says; all paths begin with `root`, which is "" but in tests. 0: any. */
int cpu_quota(const char *root);

#endif
