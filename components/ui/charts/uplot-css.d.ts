// uPlot's style sheet is imported for its effect alone.
declare module 'uplot/dist/uPlot.min.css';
