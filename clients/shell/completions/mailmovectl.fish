# SPDX-License-Identifier: Apache-2.0
# fish completion of mailmovectl: /usr/share/fish/vendor_completions.d/mailmovectl.fish

function __mailmovectl_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':hosts'
                __fish_print_hostnames
            case '*'
                echo $line
        end
    end
end

complete -c mailmovectl -f -a '(__mailmovectl_complete)'
