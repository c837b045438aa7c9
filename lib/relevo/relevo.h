/*
 * relevo: queues, pipes and pools between the processes of C programs.
 *
 * Including this one header gives everything. Every call that can fail returns
 * a status from <relevo/status.h>, 0 for success; relevo_error_detail() then
 * says more in one sentence. Nothing here prints, aborts or sets errno.
 *
 * A NULL where a function needs something is BAD_ARGUMENT, whether its comment says so or not;
 * bytes may be NULL where their size is 0. Functions that return no status then return what
 * stands for nothing: NULL, "", 0, or -1 for a descriptor or a process.
 *
 * Functions of the program that are called from here (targets of processes, functions of
 * pools, callbacks) may not be left by longjmp(3) or by an exception of C++: the library is C, has
 * locks, and is not unwound. Catch it there:
 *
 *	int resize(const relevo_bytes *argument, relevo_reply *reply, void *) noexcept
 *	try {
 *		...
 *	} catch (const std::exception &error) {
 *		return relevo_reply_fail(reply, "%s", error.what());
 *	}
 */
#ifndef RELEVO_RELEVO_H
#define RELEVO_RELEVO_H

#include <relevo/array.h>
#include <relevo/barrier.h>
#include <relevo/condition.h>
#include <relevo/event.h>
#include <relevo/handle.h>
#include <relevo/listener.h>
#include <relevo/lock.h>
#include <relevo/manage.h>
#include <relevo/pipe.h>
#include <relevo/poller.h>
#include <relevo/pool.h>
#include <relevo/pool_async.h>
#include <relevo/pool_imap.h>
#include <relevo/pool_list.h>
#include <relevo/pool_tuple.h>
#include <relevo/process.h>
#include <relevo/program.h>
#include <relevo/queue.h>
#include <relevo/rlock.h>
#include <relevo/scope.h>
#include <relevo/semaphore.h>
#include <relevo/session.h>
#include <relevo/shared.h>
#include <relevo/status.h>
#include <relevo/system.h>
#include <relevo/tuple.h>
#include <relevo/types.h>
#include <relevo/value.h>
#include <relevo/version.h>
#include <relevo/wait.h>
#include <relevo/worker.h>

#endif
