// The class of an I/O filter in JSON. Apart from the table, which the browser has without the
// parser.
import { z } from 'zod';
import { FILTER_CLASS_NAMES } from './filter-class.ts';

export const filterClassSchema = z.enum(FILTER_CLASS_NAMES);
