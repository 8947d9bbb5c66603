# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of pi-edge-agent for bash.
_pi_edge_agent() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
    case $before in
        -c | --config | -o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
        --kind) words="command reading capture event" ;;
        --since) words="30m 2h 7d" ;;
        --last | --id | --timeout) return ;;
        check-config) [[ $current == -* ]] || { mapfile -t COMPREPLY < <(compgen -f -- "$current") && return; } ;;
    esac
    [[ -n $words ]] || case ${COMP_WORDS[1]} in
        run) words="-h --help -c --config" ;;
        check-config) words="-h --help -c --config --show" ;;
        print-id) words="-h --help -c --config" ;;
        doctor) words="-h --help -c --config --json" ;;
        capture) words="-h --help -c --config -o --output" ;;
        sensors) words="-h --help --json" ;;
        status) words="-h --help -c --config --id --json" ;;
        request)
            words="-h --help -c --config --id -o --output --timeout --json"
            [[ $current == -* ]] || words="start stop capture live cancel status set doctor pictures fetch readings interval= width= height= quality= count= every= timeout= settle= controls= for= rate= values= id= last= since= until= sensor="
            ;;
        journal) words="-h --help -c --config --kind --since --last --json --follow" ;;
        *) ((COMP_CWORD > 1)) || words="run check-config print-id doctor capture sensors status request journal --version -h --help" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _pi_edge_agent -o filenames pi-edge-agent
