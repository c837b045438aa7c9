#ifndef SYNC_SYNC_HANDLE_H
#define SYNC_SYNC_HANDLE_H

/*
 * Which object of the broker the handle of each kind stands for, for those who pass
 * handles on.
 */

struct handle;
struct relevo_array;
struct relevo_barrier;
struct relevo_condition;
struct relevo_event;
struct relevo_semaphore;
struct relevo_value;

const struct handle *array_handle(const struct relevo_array *array);
const struct handle *barrier_handle(const struct relevo_barrier *barrier);
const struct handle *condition_handle(const struct relevo_condition *condition);
const struct handle *event_handle(const struct relevo_event *event);
const struct handle *semaphore_handle(const struct relevo_semaphore *semaphore);
const struct handle *value_handle(const struct relevo_value *value);

#endif
