"""The hall: the queue, appraisals and notes, complaints."""
