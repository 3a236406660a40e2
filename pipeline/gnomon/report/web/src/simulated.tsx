// Simulated scenes say so at every heading, picture and printed page.
import { simulated } from "./data";

/** The word, where the scenes of the run are simulated; else nothing. */
export const SimulatedMark = () => (simulated() ? <strong class="sim">SIMULATED</strong> : null);
