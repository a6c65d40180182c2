# Draws what load/run soak has written: seconds, memory in KiB, descriptors, threads, clients.
set terminal svg size 900,420 font "sans-serif,13" background "white"
set output chart
set key outside top center horizontal
set autoscale xfix
set format x "%g"
set xlabel "minutes"
set ylabel "resident memory, MiB"
set y2label "descriptors, threads"
set yrange [0:*]
set y2range [0:*]
set ytics nomirror
set y2tics
set grid
plot table using ($1/60):($2/1024) with lines lw 2 title "memory", \
     table using ($1/60):3 axes x1y2 with lines lw 2 title "descriptors", \
     table using ($1/60):4 axes x1y2 with lines lw 2 title "threads"
