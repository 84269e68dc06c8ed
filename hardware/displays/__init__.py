"""Line displays that face the customer: two lines of twenty letters, in two languages, and one made of software."""
