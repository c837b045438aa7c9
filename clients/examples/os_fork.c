/*
 * A clone of this process: fork() returns 0 in the clone, the clone's id in the original,
 * and less than 0 in neither: then there is no clone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	/* What is not printed yet would be printed by both. */
	fflush(stdout);
	pid_t clone = fork();
	if (clone < 0) {
		perror("os_fork");
		return EXIT_FAILURE;
	}
	if (clone == 0) {
		printf("I am the clone, %d, and the original is %d\n", getpid(), getppid());
		return EXIT_SUCCESS;
	}
	/* The clone speaks first, and leaves no zombie. */
	waitpid(clone, NULL, 0);
	printf("I am the original, %d, and the clone is %d\n", getpid(), clone);
	return EXIT_SUCCESS;
}
