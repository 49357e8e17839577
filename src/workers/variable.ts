/** The variable that tells a process which worker it is. */
export const WORKER_VARIABLE = "SIGMA_WORKER";
