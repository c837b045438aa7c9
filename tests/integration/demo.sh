#!/bin/sh
# The demo on little text: what it prints, and that it cleans up when it is ended.
# The test runner looks for processes and files that are left.
#
# usage: demo.sh WORD_COUNT SANITIZER
set -eu
word_count=$1
sanitizer=$2

fail() {
	printf '%s\n--- the output was:\n%s\n' "$1" "$output"
	exit 1
}

# expect COUNT REGEX: so many lines match.
expect() {
	found=$(printf '%s\n' "$output" | grep -cE -e "$2" || true)
	[ "$found" -eq "$1" ] || fail "$found lines instead of $1 are like: $2"
}

# Under a sanitizer results are merged so slowly that no task may be left when half of them
# are: then nobody can be met in the middle of one.
a_whole_run() {
	[ "$sanitizer" = none ] || return 0
	output=$("$word_count" --bytes 2M 2>&1) || fail "exit status $?"
	expect 1 '^  [0-9,]+ files, [0-9.]+ MB, [0-9,]+ tasks$'
	expect 2 '^  100 %  '
	expect 10 '^ +[0-9]+  [a-z]+ +[0-9,]+  #+$'
	expect 2 '  over tcp +[0-9,]+  '
	expect 1 'worker [0-9]+: killed with SIGKILL in the middle of a task$'
	expect 1 '^  [1-9][0-9]* tasks? (was|were) run again by another worker$'
	expect 1 '^  with relevo +[0-9.]+ s$'
	expect 1 '^  one process alone +[0-9.]+ s '
	expect 1 '^  the same count for each of the [0-9,]+ words$'
}

a_quiet_run() {
	output=$("$word_count" --bytes 1M --no-kill --processes 2 2>&1) || fail "exit status $?"
	expect 0 'killed'
	expect 2 '  local +[0-9,]+  '
	expect 1 '^  0 tasks were run again by another worker$'
	expect 1 '^  the same count for each of the [0-9,]+ words$'
}

# End it while it counts.
an_ended_run() {
	lines=$TMPDIR/lines
	mkfifo "$lines"
	"$word_count" --bytes 200M >"$lines" 2>&1 &
	pid=$!
	exec 3<"$lines"
	rm "$lines"
	output=
	while read -r line <&3; do
		output="$output
$line"
		case $line in
		"25 %"*) kill -TERM "$pid" ;;
		esac
	done
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ] || fail "exit status $status after SIGTERM"
	expect 1 '^word_count: interrupted$'
	expect 0 '^100 %'
}

a_wrong_option() {
	status=0
	output=$("$word_count" --bytes many 2>&1) || status=$?
	[ "$status" -eq 2 ] || fail "exit status $status for a wrong option"
	expect 1 '"many" is no size'
}

: "${TMPDIR:=/tmp}"
a_whole_run
a_quiet_run
an_ended_run
a_wrong_option
