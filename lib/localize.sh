#!/bin/sh
# Make a static library out of others that shows only what the shared one
# exports: one object, its hidden symbols made local, so that a program may have
# a list_remove() of its own.
#
# usage: localize.sh "CC [FLAG ...]" OBJCOPY AR OUTPUT.a INPUT.a...
set -eu

cc=$1
objcopy=$2
ar=$3
output=$4
shift 4

object=${output%.a}.o
# shellcheck disable=SC2086 # one word a flag
$cc -r -nostdlib -o "$object" -Wl,--whole-archive "$@" -Wl,--no-whole-archive
"$objcopy" --localize-hidden "$object"
rm -f "$output"
"$ar" rcsD "$output" "$object"
rm -f "$object"
