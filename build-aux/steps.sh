# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What quickstart does, step by step, and how it ends.  Who sources this sets
# 'command', and before the first step 'step' to 0, 'steps' to the number of all
# steps, 'log' to a file, 'scratch' to a folder that is removed at the end, and
# 'top' to the checkout.

# Ends the program with an error, which is one line.
fail()
{
    printf 'quickstart: %s\n' "$*" >&2
    [ "$command" != check ] || echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

# Runs a program in a process group of its own, so that all of it can be ended,
# and returns its exit status.
run()
{
    set -m
    "$@" </dev/null &
    child=$!
    set +m
    wait "$child"
}

# Runs a function, with its output in the log, as the next step with the title
# $1.  What it writes to file descriptor 3 is shown.  Ends the program if it fails.
step()
{
    local title=$1 begin=$SECONDS start
    shift

    step=$((step + 1))
    printf '\n== [%d/%d] %s\n' $step $steps "$title" >>"$log"
    start=$(stat -c %s "$log")
    printf '[%d/%d] %s ... ' $step $steps "$title"
    if run "$@" >>"$log" 2>&1 3>"$scratch/shown"; then
        printf 'ok (%d s)\n' $((SECONDS - begin))
        sed 's/^/    /' "$scratch/shown"
        return
    fi
    printf 'FAILED (%d s)\n' $((SECONDS - begin))
    sed 's/^/    /' "$scratch/shown"
    printf '\nThe last lines of this step'\''s output:\n'
    tail -c +$((start + 1)) "$log" | tail -n 15 | sed 's/^/    /'
    fail "step '$title' failed; all of its output is in $log"
}

clean_up()
{
    # A child that gets a signal before it has forgotten our traps comes here,
    # too.
    [ "$BASHPID" = $$ ] || return
    trap '' INT TERM HUP
    if kill -TERM -- "-${child-0}" 2>/dev/null; then
        wait "$child" 2>/dev/null
    fi
    rm -rf "$scratch"
    # What root made in somebody's checkout is theirs.
    [ -z "${SUDO_UID-}" ] \
        || chown -Rh --from=0 "$SUDO_UID:${SUDO_GID-}" "$top"
}

interrupted()
{
    [ "$BASHPID" = $$ ] || exit "$1"
    printf '\nquickstart: interrupted, cleaning up\n' >&2
    exit "$1"
}
