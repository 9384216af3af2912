/** A style sheet that a script imports: Vite loads it before the script runs. */
declare module '*.css';
