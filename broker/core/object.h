/* How long objects of any kind live, and how they are opened. */
#ifndef CORE_OBJECT_H
#define CORE_OBJECT_H

enum queue_lifetime { QUEUE_KEPT, QUEUE_HANDLES, QUEUE_SESSION };
enum queue_open_mode { QUEUE_OPEN_OR_CREATE, QUEUE_OPEN_EXISTING, QUEUE_CREATE_NEW };

#endif
