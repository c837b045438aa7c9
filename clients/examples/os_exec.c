/* A process that another program takes over: it keeps its id and its parent. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
	printf("%d runs os_exec, its parent is %d\n", getpid(), getppid());
	/* What is not printed yet would be lost. */
	fflush(stdout);
	execlp("sh", "sh", "-c", "echo \"now $$ runs sh, its parent is $PPID\"", (char *)NULL);
	/* Only if there is no such program. */
	perror("os_exec");
	return EXIT_FAILURE;
}
